/** What becomes of fields that a data set does not know, and of types that changed. */
export const SCHEMA_POLICIES = ['evolve', 'ignore', 'quarantine', 'stop'] as const

export type SchemaPolicy = Exclude<(typeof SCHEMA_POLICIES)[number], 'ignore'>
