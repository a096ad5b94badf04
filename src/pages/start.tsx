/** Where to start: what this is, the till to try, the reference, the one call to paste. */
import type { App } from '../http/app-context.ts'
import { Code, isDemo, page } from './layout.tsx'

export function start(app: App): void {
  app.get('/', async (c) => {
    const demo = await isDemo(c.get('deps'))
    return page(
      c,
      {
        title: 'Encore: one fitting next offer for the till, or a reasoned silence',
        here: 'start',
        description: 'One fitting next offer for the till, or a reasoned silence.',
      },
      <div class="prose">
        <section class="hero">
          <h1>The one next offer they would thank you for.</h1>
          <p>
            Encore runs beside a shop’s till. The till sends the basket; Encore answers with one offer, the
            words to say, the reason, and proof that the shop can keep the promise. Often the right answer is
            to say nothing, and Encore says that too.
          </p>
          <div class="ways">
            {demo && (
              <a class="button primary" href="/till">
                Try it at the till
              </a>
            )}
            <a class={demo ? 'button' : 'button primary'} href="/reference">
              Read the reference
            </a>
            <a href="/openapi.json">OpenAPI document</a>
          </div>
        </section>
        <h2>Three verbs, one id</h2>
        <div class="verbs">
          <section>
            <h3>Decide</h3>
            <p>Send the basket. Get the offer, or a silence, within the time that the till can wait.</p>
          </section>
          <section>
            <h3>Say what happened</h3>
            <p>Accepted keeps a place and prints a code, in the same breath.</p>
          </section>
          <section>
            <h3>Tell us what was sold</h3>
            <p>The very next answer knows it.</p>
          </section>
        </div>
        <h2>One call to paste</h2>
        {demo ? (
          <p>The key below opens this demo shop and nothing else.</p>
        ) : (
          <p>Put a key of your till in the place of YOUR_TILL_KEY.</p>
        )}
        <Code label="A call to paste" text={curl(new URL(c.req.url).origin, demo)} />
      </div>,
    )
  })
}

const curl = (origin: string, demo: boolean) => `curl -s ${origin}/v1/recommendations \\
  -H 'authorization: Bearer ${demo ? 'encore_till_demo_BK' : 'YOUR_TILL_KEY'}' \\
  -H 'content-type: application/json' \\
  -d '{
    "customer": "g01-ana", "staff": "st_maya",
    "basket": { "lines": [
      { "sku": "DR-204-6", "name": "Cotton lawn dress, 6Y", "category": "dresses", "unitPrice": 9600 },
      { "sku": "HA-011", "name": "Straw hat", "category": "hats-accessories", "unitPrice": 2200 }
    ] }
  }'`
