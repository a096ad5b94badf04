/** The registry as a table: out, in again, tried first; on both engines. */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guarded, unguarded } from '../../src/core/registry-csv.ts'
import type { Office } from '../support/office.ts'
import { MANAGER, openOffice, PARTNER } from '../support/office.ts'
import { ENGINES } from '../support/shop.ts'

const table = async ({ call }: Office) =>
  (await call('GET', '/v1/registry.csv', undefined, { key: MANAGER })).body as string
const read = async ({ shop }: Office, csv: string, more: object = {}) =>
  shop.ask('POST', '/v1/registry/import', { csv, ...more }, 'owner')
const count = async ({ shop }: Office, name: string) =>
  (await shop.engine.all<{ n: number }>({ sql: `select count(*) n from ${name}`, params: [] }))[0]!.n

const NEW = [
  'partner,name,trade,goals,facets,places,customerBenefit,startsOn,endsOn,disclosure',
  'gym,Gym,gymnastics hall,mv-gym,mv-gym | floor | beam,Hall | 1 W Main | BK 9,first class free,2026-04-01,2027-03-31,They pay us nothing.',
].join('\n')

describe.each(ENGINES)('%s', (kind) => {
  test('what is written out and read in again changes nothing, however often', async () => {
    const office = await openOffice(kind)
    const csv = await table(office)
    const rows = parse(csv, { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(15)
    expect(rows[1]).toMatchObject({
      partner: 'P02',
      alliance: 'A02',
      state: 'live',
      termsVersion: '1',
      facets: 'music-instrument | piano | violin | ukulele',
      'exclusivity.withinMinutes': '30',
      people: 'Ines Park | front desk | +1 312 555 0141 | hello@northsideconservat.example',
    })
    const lines = await count(office, 'audit')
    for (let i = 0; i < 2; i++) {
      const { status, body } = await read(office, csv, { apply: true })
      expect([status, body]).toEqual([
        200,
        { applied: true, new: 0, changed: 0, unchanged: 15, refused: 0, problems: [] },
      ])
    }
    expect(await count(office, 'audit')).toBe(lines)
    expect(await table(office)).toBe(csv)
  })

  test('it is tried first; applied, a new partner has a draft, and twice changes nothing', async () => {
    const office = await openOffice(kind)
    expect((await read(office, NEW)).body).toMatchObject({ applied: false, new: 1, problems: [] })
    expect(await count(office, 'partner')).toBe(15)
    expect((await read(office, NEW, { apply: true })).body).toMatchObject({ applied: true, new: 1 })
    expect((await read(office, NEW, { apply: true })).body).toMatchObject({ new: 0, unchanged: 1 })
    const gym = (await office.call('GET', '/v1/partners/gym')).body
    expect(gym).toMatchObject({ walkMinutes: { BK: 9 }, facets: { 'mv-gym': ['floor', 'beam'] } })
    const drafts = (await office.call('GET', '/v1/alliances?state=draft')).body.items
    expect(drafts).toMatchObject([{ partner: 'gym', state: 'draft' }])

    // Other terms are another version of the draft; columns that are not there change nothing.
    const more = 'partner,perWeek\ngym,3\n'
    expect((await read(office, more, { apply: true })).body).toMatchObject({ changed: 1, problems: [] })
    const { body } = await office.call('GET', `/v1/alliances/${drafts[0].id}`)
    expect(body.terms.map((t: any) => t.record.perWeek)).toEqual([null, 3])
    expect(body.terms[1].record.customerBenefit).toBe('first class free')
    const emptied = 'partner,opening\nP02,\n'
    await read(office, emptied, { apply: true })
    expect((await office.call('GET', '/v1/partners/P02')).body).toMatchObject({ opening: '', version: 2 })
  })

  test('what is wrong is named by line and column; nothing is written, or just the good rows where that is asked for', async () => {
    const office = await openOffice(kind)
    const csv = [
      'partner,name,trade,goals,places,customerBenefit,endsOn,perWeek',
      'ok,Fine,pottery kiln,mv-gym,,,,',
      'bad goal,Bad,chess,nope,Hall | here | XX 5,,,',
      'keys,Keys,piano school,mv-gym,Hall | here | BK 5,one lesson free,2027-01-01,many',
      'ok,Twice,pottery,mv-gym,,,,',
      'hurry,Hurry,chess,mv-gym,,hurry while places last,2027-01-01,',
      'far,Keys Afar,piano school,mv-gym,Hall | there | BK 45,one lesson free,2027-01-01,',
      'near,Keys Near,piano school,mv-gym,Hall | here | BK 5,one lesson free,2027-01-01,',
      'P02,,,,,another lesson free,,',
    ].join('\r\n')
    const { body } = await read(office, csv, { apply: true })
    expect(body).toMatchObject({ applied: false, new: 2, refused: 6 })
    const found = body.problems.map((p: any) => `${p.line} ${p.column}`)
    for (const each of ['3 partner', '3 goals', '3 places', '4 perWeek', '5 partner', '6 customerBenefit'])
      expect(found).toContain(each)
    const clash = body.problems.find((p: any) => p.partner === 'near')
    expect([clash.line, clash.column]).toEqual([8, 'exclusivity.trade'])
    expect(clash.message).toMatch(/^A02, until 2026-08-31: For music conservatory/)
    expect(found).toContain('9 name')
    expect(await count(office, 'partner')).toBe(15)
    const partial = await read(office, csv, { apply: true, partial: true })
    expect(partial.body).toMatchObject({ applied: true, new: 2, refused: 6 })
    const { items } = (await office.call('GET', '/v1/partners')).body
    expect(items.map((p: any) => p.id).filter((id: string) => !id.startsWith('P'))).toEqual(['far', 'ok'])
    const live = 'partner,customerBenefit\nP02,another lesson free\n'
    expect((await read(office, live)).body.problems).toMatchObject([
      { line: 2, column: 'state', partner: 'P02' },
    ])
  })

  test('what is no table of ours is refused; only managers and the owner see or read it', async () => {
    const office = await openOffice(kind)
    for (const csv of [
      'surprise,partner\n1,2\n',
      'trade\nmusic\n',
      'partner,partner\na,b\n',
      'partner,name\n"a,b\n',
    ]) {
      const { status, body } = await read(office, csv)
      expect([status, body.code, body.errors[0].field]).toEqual([400, 'invalid_request', 'csv'])
    }
    const { call } = office
    expect((await call('GET', '/v1/registry.csv', undefined, { key: '' })).status).toBe(401)
    for (const key of [PARTNER, 'encore_staff_demo_BK', 'encore_till_demo_BK']) {
      expect((await call('GET', '/v1/registry.csv', undefined, { key })).status).toBe(403)
      expect((await call('POST', '/v1/registry/import', { csv: NEW }, { key })).status).toBe(403)
    }
  })

  test('no cell of the table is a formula, and what began like one comes back as it was', async () => {
    const office = await openOffice(kind)
    const names = ['=HYPERLINK("http://x")', '+1', '-1', '@sum', "'=quoted", 'a;b | c\\d, "e"']
    for (const [i, name] of names.entries())
      await office.call('POST', '/v1/partners', {
        id: `f${i}`,
        name,
        trade: name,
        people: [{ name, role: '; | \\' }],
      })
    const csv = await table(office)
    const rows = parse(csv, { columns: true }) as Record<string, string>[]
    for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
    expect((await read(office, csv)).body).toMatchObject({ unchanged: 21, problems: [] })
  })
})

test('any text survives being made safe for a spreadsheet', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(unguarded(guarded(text))).toBe(text)
      expect(guarded(text)).not.toMatch(/^[=+\-@\t\r]/)
    }),
  )
})
