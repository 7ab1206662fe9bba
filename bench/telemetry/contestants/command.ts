// the command as it is: its state is kept, its log is written, nobody asks
import { millrace } from '../worker.ts'

await millrace('false')
