// A statement that fails on one thread while another is on its way into a function of ours: prints the error.
import { BOOLEAN, DuckDBScalarFunction, INTEGER } from '@duckdb/node-api'
import { expectCalls, openDuckDB, runBeside } from '@millrace/lake'

const engine = await openDuckDB({ threads: 2 })
const connection = await engine.connect()
const calls = expectCalls(connection)
connection.registerScalarFunction(
  DuckDBScalarFunction.create({
    name: 'takes_all',
    parameterTypes: [INTEGER],
    returnType: BOOLEAN,
    volatile: true,
    mainFunction: (_info, rows, taken) => {
      calls.last = performance.now()
      for (let row = 0; row < rows.rowCount; row++) taken.setItem(row, true)
      taken.flush()
    },
  }),
)
// A row group is a thread's portion: the second one fails at once, the first is busy with its first rows by then.
const ROW_GROUP = 122_880
await connection.run(`CREATE TABLE numbers AS SELECT range::INTEGER AS i FROM range(${2 * ROW_GROUP})`)
const busy = 'length(md5(repeat(i::VARCHAR, 2000)))::INTEGER'
const condition = `CASE WHEN i >= ${ROW_GROUP} THEN error('on purpose') ELSE takes_all(${busy}) END`
await runBeside(connection, `SELECT count(*) FROM numbers WHERE ${condition}`).catch((error: Error) =>
  process.stdout.write(error.message),
)
engine.close()
