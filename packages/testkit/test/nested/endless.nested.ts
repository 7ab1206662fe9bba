import { writeFile } from 'node:fs/promises'
import { withServices } from '../../src/index.ts'

withServices('s3', 'judge')('never ends, and says when it has its servers', async () => {
  await writeFile(process.env.MILLRACE_TEST_SIGN ?? '', 'here')
  await new Promise(() => setInterval(() => {}, 60_000))
})
