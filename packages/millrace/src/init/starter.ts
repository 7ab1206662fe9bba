/** Files of a small project: a data set with fixtures, and a question about it. */
export function starterFiles(dataset: string): Readonly<Record<string, string>> {
  const at = `datasets/${dataset}`
  return {
    [`${at}/dataset.json`]: DATASET,
    [`${at}/clean.sql`]: CLEAN,
    [`${at}/generator.ts`]: GENERATOR,
    [`${at}/fixtures/usual.jsonl`]: USUAL,
    [`${at}/fixtures/usual.clean.jsonl`]: USUAL_CLEAN,
    [`${at}/fixtures/rejected.jsonl`]: REJECTED,
    [`${at}/fixtures/rejected.clean.jsonl`]: '',
    [`${at}/fixtures/rejected.bad.jsonl`]: REJECTED_BAD,
    'questions/revenue.json': questionOf(dataset),
    'questions/revenue.sql': revenueOf(dataset),
    [`questions/fixtures/two-days/${dataset}.jsonl`]: ROWS,
    'questions/fixtures/two-days/revenue.answer.jsonl': ANSWER,
  }
}

const DATASET = `{
  "description": "Orders as the shop sends them",
  "fields": {
    "id": { "type": "long" },
    "customer": { "type": "text", "aliases": ["client"] },
    "amount": { "type": "decimal(10,2)" },
    "placed_at": { "type": "timestamp" }
  },
  "columns": {
    "id": { "type": "long" },
    "customer": { "type": "string", "comment": "In small letters" },
    "amount": { "type": "decimal(10,2)" },
    "placed_at": { "type": "timestamp", "comment": "UTC" }
  },
  "expectations": {
    "has_id": { "predicate": "id IS NOT NULL", "otherwise": "quarantine" },
    "likely_amount": { "predicate": "amount BETWEEN 0 AND 10000", "otherwise": "keep" }
  }
}
`

const CLEAN = `-- Makes one row of each row of raw, which has the fields of dataset.json.
SELECT
  id,
  nullif(lower(trim(customer)), '') AS customer,
  amount,
  placed_at
FROM raw
`

const GENERATOR = `// Makes records up for \`millrace stream\` without a source, and for \`millrace ingest\`.
const CUSTOMERS = ['Ada', ' Bob', 'EVE', 'Grace', '']
const START = Date.parse('2026-01-01T00:00:00Z')

export const createRecords = (seed: number) => (record: number) => ({
  id: record,
  client: CUSTOMERS[(seed + record * 7) % CUSTOMERS.length],
  amount: (((seed + record * 7919) % 20_000) / 100).toFixed(2),
  placed_at: new Date(START + record * 60_000).toISOString(),
})
`

const USUAL = `{"id":1,"customer":" Ada ","amount":"9.90","placed_at":"2026-01-31T12:00:00Z"}
{"id":"2","client":"BOB","amount":120,"placed_at":"2026-01-31 12:30:00"}
{"id":3,"customer":"","placed_at":null}
`

const USUAL_CLEAN = `{"id":1,"customer":"ada","amount":9.9,"placed_at":"2026-01-31 12:00:00+00"}
{"id":2,"customer":"bob","amount":120,"placed_at":"2026-01-31 12:30:00+00"}
{"id":3,"customer":null,"amount":null,"placed_at":null}
`

const REJECTED = `{"customer":"Ada","amount":"1.00"}
{"id":"seven","amount":"1.00"}
{"id":8,"amount":"1.005"}
not JSON
`

const REJECTED_BAD = `{"line":1,"reason":"expectation has_id failed"}
{"line":2,"reason":"wrong type in field id"}
{"line":3,"reason":"wrong type in field amount"}
{"line":4,"reason":"not JSON"}
`

const ROWS = `{"id":1,"customer":"ada","amount":9.9,"placed_at":"2026-01-30 12:00:00+00"}
{"id":2,"customer":"bob","amount":120,"placed_at":"2026-01-31 12:30:00+00"}
{"id":3,"customer":"ada","amount":0.1,"placed_at":"2026-01-31 13:00:00+00"}
{"id":4,"customer":"eve","amount":5,"placed_at":null}
`

const ANSWER = `{"day":"2026-01-30","orders":1,"revenue":"9.90"}
{"day":"2026-01-31","orders":2,"revenue":"120.10"}
`

function questionOf(dataset: string): string {
  return `{
  "title": "Revenue of each day",
  "chart": { "kind": "bars", "x": "day", "y": "revenue" },
  "reads": ["${dataset}"]
}
`
}

function revenueOf(dataset: string): string {
  return `SELECT CAST(placed_at AS DATE) AS day, count(*) AS orders, CAST(sum(amount) AS DECIMAL(18,2)) AS revenue
FROM "${dataset}"
WHERE placed_at IS NOT NULL
GROUP BY day
ORDER BY day
`
}
