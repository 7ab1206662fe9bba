import { openFormat } from '../../src/index.ts'
import { formatContract } from '../contract.ts'

formatContract(openFormat('text'), {
  good: [
    { message: Buffer.from('Straße\n"1"'), record: { value: 'Straße\n"1"' } },
    { message: Buffer.from(''), record: { value: '' } },
  ],
  notOfIt: [null, Buffer.from([0xff])],
})

formatContract(openFormat('bytes'), {
  good: [{ message: Buffer.from([0, 10, 255]), record: { value: 'AAr/' } }],
  notOfIt: [null],
})
