import { latenessOf } from './lateness.ts'
import { judge } from './tables.ts'

/**
 * Prints what became of the messages: how long those waited that were committed between two times (milliseconds since
 * 1970), and how many are lost or in a table twice. For contestants that are not written in TypeScript.
 */
const [lake = '', topics, messages, from, to] = process.argv.slice(2)
const { lost, doubled, commits, waited } = await judge(lake, Number(topics), Number(messages))
const { mostSeconds, p99Seconds } = latenessOf(waited.filter(({ at }) => at > Number(from) && at <= Number(to)))
console.log(
  JSON.stringify({ commits, waitedMostSeconds: mostSeconds, waitedP99Seconds: p99Seconds, ...{ lost, doubled } }),
)
