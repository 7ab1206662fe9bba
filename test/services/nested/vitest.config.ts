import { defineConfig } from 'vitest/config'
import root from '../../../vitest.config.ts'

// The root's own set-up with other files: runs that a test starts, watches and kills.
export default defineConfig({
  ...root,
  test: { ...root.test, include: ['test/services/nested/*.nested.ts'] },
})
