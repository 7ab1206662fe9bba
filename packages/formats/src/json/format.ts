import type { Format } from '../format.ts'
import { unpackLists } from './lists.ts'

/**
 * JSON: the messages are what the cleaner reads, as they came. What is not JSON is found by the cleaner's own reader.
 */
export const jsonFormat: Format = {
  name: 'json',
  readsKeys: false,
  isJsonLines: true,
  unpack: unpackLists,
  read: (messages) => ({ lines: messages, rejected: [] }),
}
