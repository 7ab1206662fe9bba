import { fileURLToPath } from 'node:url'

/** The folder of a data set, `order`, whose fields and columns are of every type. */
export const EVERY_TYPE = fileURLToPath(new URL('../datasets', import.meta.url))
