/** One for all rounds: what is in it already does not matter to whoever writes. */
export const TOPIC = 'bench-gateway.pin'
