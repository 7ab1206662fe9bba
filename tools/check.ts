import { parseArgs } from 'node:util'
import { PARTS } from './check/parts.ts'

// pnpm check [part…]: all parts at once, each with its result and time.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: process.cwd() } },
})
const unknown = positionals.find((name) => !(name in PARTS))
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; the parts are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}

const chosen = Object.entries(PARTS).filter(([name]) => positionals.length === 0 || positionals.includes(name))
const outcomes = await Promise.all(
  chosen.map(async ([name, part]) => {
    const begun = performance.now()
    const { passed, output, picture } = await part(values.root)
    console.log(
      `${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${((performance.now() - begun) / 1000).toFixed(1)} s`,
    )
    return { name, passed, output, picture }
  }),
)

for (const { picture } of outcomes) if (picture) console.log(`\n${picture}`)
for (const { name, output } of outcomes.filter(({ passed }) => !passed)) console.log(`\n── ${name}\n${output.trim()}`)
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1
