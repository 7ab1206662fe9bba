// can't be had
import { UNAVAILABLE } from '../../src/contract.ts'

process.stderr.write('some noise\nneeds a library that is not here\n')
process.exitCode = UNAVAILABLE
