import { fileStore } from '../../src/file.ts'

// Says each key once its put has ended, until it is killed.
const store = fileStore(process.argv[2] ?? '')
for (let i = 0; ; i++) {
  const key = `t/_delta_log/${String(i).padStart(20, '0')}.json`
  await store.putIfAbsent(key, Buffer.alloc(1024 * 1024, 97 + (i % 26)))
  process.send?.(key)
}
