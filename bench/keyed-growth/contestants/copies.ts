// millrace/delta: upsert, the files that are touched written anew
import { changeOnce } from '../one-batch.ts'

await changeOnce(async () => {})
