import { formatContract } from '../contract.ts'
import { keyValueFormat } from './format.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

formatContract(keyValueFormat, {
  good: [
    { message: bytes('ind=7 name=Ada+Lovelace'), record: { ind: '7', name: 'Ada Lovelace' } },
    { message: bytes('note=two\nlines'), record: { note: 'two\nlines' } },
    { message: bytes('empty='), record: { empty: '' } },
  ],
  notOfIt: [null, bytes(''), bytes('{"ind":7}'), bytes('a=1 a=2'), bytes('=1'), new Uint8Array([0x61, 0x3d, 0xff])],
})
