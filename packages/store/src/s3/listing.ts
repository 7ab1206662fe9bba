import { text } from 'node:stream/consumers'
import type { ObjectInfo } from '../store.ts'
import { brokenOff } from './errors.ts'
import type { Bucket } from './store.ts'
import { element } from './xml.ts'

/** The objects under a prefix; the next page is asked for before this one is looked at. */
export async function* listObjects(
  { reader, prefix: root }: Bucket,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const pageFrom = (from: Readonly<Record<string, string>>) =>
    reader.page({ 'list-type': '2', prefix: root + prefix, ...from }, async (body) => checked(await text(body)))
  let coming: Promise<string> | undefined = pageFrom(after === undefined ? {} : { 'start-after': root + after })
  while (coming !== undefined) {
    const page: string = await coming
    const token = element(page, 'NextContinuationToken')
    // The last page has none, or an empty one.
    coming = token ? pageFrom({ 'continuation-token': token }) : undefined
    // It is heard when its turn comes.
    coming?.catch(() => {})
    for (const [contents] of page.matchAll(CONTENTS)) {
      const key = element(contents, 'Key') ?? ''
      // Some tools leave an empty object in the place of a folder.
      if (key.endsWith('/')) continue
      const [size, modified] = [element(contents, 'Size'), element(contents, 'LastModified')]
      yield { key: key.slice(root.length), size: Number(size), modified: Date.parse(String(modified)) }
    }
  }
}

const CONTENTS = /<Contents>.*?<\/Contents>/gs

/** Whatever else says 200 must not pass for an empty bucket. */
function checked(page: string): string {
  if (page.includes('<ListBucketResult') && page.includes('</ListBucketResult>')) return page
  throw brokenOff('the answer is no listing')
}
