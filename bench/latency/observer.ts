import { type Observed, observe } from './observe.ts'
import { PER_SECOND } from './steady-feed.ts'

/** For contestants in other languages: what to observe as JSON in the only argument, the figures as JSON. */
const told = JSON.parse(process.argv[2] ?? '') as Omit<Observed, 'perSecond'>
console.log(JSON.stringify(await observe({ ...told, perSecond: PER_SECOND })))
