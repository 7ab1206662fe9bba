// ends before what it has started
import { spawn } from 'node:child_process'

spawn('sleep', ['600'], { stdio: 'ignore' }).unref()
process.stdout.write('{}\n')
