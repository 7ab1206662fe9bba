import { caseOf } from './cases.ts'
import { type Observed, observe } from './observe.ts'

/** For contestants in other languages: what to observe as JSON in the only argument, the figures as JSON. */
const { variant, ...observed } = JSON.parse(process.argv[2] ?? '') as Observed & { readonly variant: string }
console.log(JSON.stringify(await observe({ ...observed, ...caseOf(variant) })))
