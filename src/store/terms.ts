/** Terms as rows: the record as JSON beside the columns that deciding looks at. */
import type { TermsRecord } from '../core/terms.ts'
import { blankTerms } from '../core/terms.ts'
import type { terms } from './schema.ts'

type Row = Pick<
  typeof terms.$inferSelect,
  'record' | 'startsOn' | 'endsOn' | 'customerBenefit' | 'commissionBasisPoints' | 'disclosure'
>

/** The record of a row. What was written before there was a whole record is completed from the columns. */
export function termsRecordOf(row: Row): TermsRecord {
  const kept = JSON.parse(row.record) as Partial<TermsRecord>
  const blank = blankTerms(kept.currency ?? 'USD', row.startsOn ?? '1970-01-01', row.endsOn ?? '2199-12-31')
  return {
    ...blank,
    customerBenefit: row.customerBenefit,
    disclosure: row.disclosure,
    ...kept,
    toUs: kept.toUs ?? { ...blank.toUs, basisPoints: row.commissionBasisPoints },
  }
}

/** The columns that a record is kept in. */
export function termsColumns(record: TermsRecord) {
  return {
    startsOn: record.startsOn,
    endsOn: record.endsOn,
    customerBenefit: record.customerBenefit,
    commissionBasisPoints: record.toUs.basisPoints,
    disclosure: record.disclosure,
    record: JSON.stringify(record),
  }
}
