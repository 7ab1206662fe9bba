import { type Observed, observe } from './observe.ts'

/** For contestants in other languages: what to observe as JSON in the only argument, the figures as JSON. */
console.log(JSON.stringify(await observe(JSON.parse(process.argv[2] ?? '') as Observed)))
