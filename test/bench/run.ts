/** `npm run bench`: measure, print the table, keep it in docs/benchmark.md. `--quick` leaves out the large shop. */
import { beClient } from './client.ts'
import { compare } from './compare.ts'
import { micro } from './micro.ts'
import { beServer, type ServerName } from './server.ts'
import { LARGE, SMALL } from './sized-shop.ts'

const [role, ...rest] = process.argv.slice(2)
const option = (name: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)

if (role === 'server') await beServer(rest[0] as ServerName, Number(rest[1]), rest[2]!)
else if (role === 'client') beClient()
else if (role === 'micro')
  console.log(await micro(rest[0] === 'large' ? LARGE : SMALL, Number(rest[1] ?? 300)))
else {
  const quick = process.argv.includes('--quick')
  for (const size of quick ? [SMALL] : [SMALL, LARGE]) {
    const c = await compare(size, {
      rounds: Number(option('rounds') ?? 5),
      ms: Number(option('ms') ?? 1000),
      profile: option('profile'),
      names: option('only')?.split(',') as ServerName[] | undefined,
    })
    console.log(JSON.stringify(size), 'dry', c.dryCpuMicros.toFixed(0))
    console.table(
      Object.fromEntries(
        Object.entries(c.servers).map(([k, v]) => [
          k,
          {
            cpu: +v.cpuMicros.toFixed(1),
            x: +(v.cpuMicros / (c.servers.floor?.cpuMicros ?? 1)).toFixed(2),
            p50: +v.p50Ms.toFixed(3),
            p99: +v.p99Ms.toFixed(3),
            rps: Math.round(v.perSecond),
            rss: Math.round(v.rssBytes / 1e6),
            failed: v.failed,
          },
        ]),
      ),
    )
  }
}
