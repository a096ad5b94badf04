/** The README's answer is the real one (the OpenAPI example, which a test asks for over HTTP). */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the README shows the real answer of its first call', () => {
  const readme = readFileSync('README.md', 'utf8')
  const answer = `<!-- answer -->\n\`\`\`json\n${JSON.stringify(JSON.parse(readFileSync('src/http/answer-example.json', 'utf8')), null, 2)}\n\`\`\`\n`
  const shown = /<!-- answer -->(\n```json\n[\s\S]*?\n```)?\n/
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      'README.md',
      readme.replace(shown, () => answer),
    )
  else expect(shown.exec(readme)?.[0]).toBe(answer)
})
