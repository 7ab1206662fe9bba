export const BUCKET = 'tiny'

const TOPIC = '0a1.pin'
const PARTITIONS = 3

/** The objects' keys in the lake that `lakeInBucket` names. */
export function keysOf(size: number): string[] {
  return Array.from({ length: size }, (_, i) => {
    const [partition, offset] = [i % PARTITIONS, String(Math.floor(i / PARTITIONS)).padStart(10, '0')]
    return `landing/topics/${TOPIC}/partition=${partition}/${TOPIC}+${partition}+${offset}.json`
  })
}
