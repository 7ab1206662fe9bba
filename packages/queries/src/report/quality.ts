import type { TableQuality } from '../quality.ts'
import { barsHtml } from './bars.ts'
import { type Html, html } from './html.ts'
import { tableHtml } from './table.ts'
import { columnText, numberText, shareText } from './words.ts'

const COLUMNS = [
  { name: 'table', isNumber: false },
  { name: 'records_in', isNumber: true },
  { name: 'new_rows', isNumber: true },
  { name: 'duplicates', isNumber: true },
  { name: 'dropped_by_a_rule', isNumber: true },
  { name: 'rejected', isNumber: true },
  { name: 'rows_of_the_table', isNumber: true },
]

/** Returns the section on data quality: outcome of the records and missing values. */
export function qualityHtml(qualities: readonly TableQuality[]): Html {
  const rows = qualities.map(({ table, records, rows, duplicates, filtered, rejected, tableRows }) => {
    return [table, records, rows, duplicates, filtered, rejected, tableRows]
  })
  return html`<section aria-labelledby="quality"><h2 id="quality">Data quality</h2>
<p>What became of the records of this run. Rejected records are in the quarantine tables, with their reasons.</p>
<div class="frame" role="region" tabindex="0" aria-label="Table: what became of the records">${tableHtml('What became of the records', COLUMNS, rows)}</div>
<h3>Missing values</h3>
<div class="side-by-side">${qualities.map(missingHtml)}</div>
</section>`
}

function missingHtml({ table, missing, tableRows }: TableQuality): Html {
  const bars = Object.entries(missing)
    .filter(([, count]) => count > 0)
    .map(([name, value]) => ({
      label: columnText(name),
      value,
      valueText: `${numberText(value)} · ${shareText(value, tableRows)}`,
    }))
  const whole = Object.keys(missing).length - bars.length
  const names = bars.map(({ label, valueText }) => `${label}: ${valueText}`).join('; ')
  const picture = html`<div role="img" aria-label="Missing values of ${table}: ${names}">${barsHtml([{ bars }], tableRows)}</div>`
  return html`<div><h4>${table}</h4>
${bars.length === 0 ? undefined : picture}
<p class="note">${whole === 1 ? '1 column lacks' : `${numberText(whole)} columns lack`} nothing.</p></div>`
}
