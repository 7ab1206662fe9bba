// can't be had
import { report } from '../../src/contestant.ts'

report({ unavailable: 'needs a library that is not here' })
