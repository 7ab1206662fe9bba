import { open, rename, rm } from 'node:fs/promises'

/** A file that is there under its name once all of it is written, and not before. */
export async function withOutputFile(
  file: string,
  write: (sink: (part: string | Uint8Array) => Promise<void>) => Promise<unknown>,
): Promise<void> {
  const unfinished = `${file}.part-${process.pid}`
  try {
    await using handle = await open(unfinished, 'w')
    await write(async (part) => {
      await handle.writeFile(part)
    })
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
