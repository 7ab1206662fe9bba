/** One for all rounds: writers are not slowed by what is in it already. */
export const TOPIC = 'bench-gateway.pin'
