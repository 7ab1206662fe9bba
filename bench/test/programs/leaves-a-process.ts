// ends before what it has started
import { spawn } from 'node:child_process'

spawn('sleep', ['600'], { stdio: 'ignore' }).unref()
setTimeout(() => process.stdout.write('{}\n'), 200)
