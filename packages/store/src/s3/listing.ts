import { MillraceError } from '@millrace/base'
import { compareUtf8 } from '../order.ts'
import type { ObjectInfo } from '../store.ts'
import type { Bucket } from './bucket.ts'
import { brokenOff } from './errors.ts'
import { textOf } from './http.ts'
import { element, elements } from './xml.ts'

/** A page has at most a thousand keys of at most a kilobyte each, which may be escaped. */
const LARGEST_PAGE = 16 << 20
/** Maximum of consecutive empty pages: servers send some where many objects were deleted. */
const MOST_EMPTY_PAGES = 1_000
const MOST_OBJECTS = 5_000_000

/** Lists the objects under a prefix; requests the next page before it parses this one. */
export async function* listObjects(
  { reader, prefix: root }: Bucket,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const pageFrom = (from: Readonly<Record<string, string>>) =>
    reader.page({ 'list-type': '2', prefix: root + prefix, ...from }, async (body) =>
      checked(await textOf(body, LARGEST_PAGE)),
    )
  const follow = followListing(root + prefix, after === undefined ? undefined : root + after)
  let coming: Promise<string> | undefined = pageFrom(after === undefined ? {} : { 'start-after': root + after })
  while (coming !== undefined) {
    const page: string = await coming
    const token = element(page, 'NextContinuationToken')
    follow.page(token)
    // The last page has none, or an empty one.
    coming = token ? pageFrom({ 'continuation-token': token }) : undefined
    // Awaited in the next round; until then a failure must not count as unhandled.
    coming?.catch(() => {})
    for (const contents of elements(page, 'Contents')) {
      const key = element(contents, 'Key') ?? ''
      follow.key(key)
      // Some tools create an empty object to stand for a folder.
      if (key.endsWith('/')) continue
      const [size, modified] = [Number(element(contents, 'Size')), Date.parse(element(contents, 'LastModified') ?? '')]
      if (!Number.isSafeInteger(size) || size < 0 || Number.isNaN(modified)) throw noListing(`of ${key}`)
      yield { key: key.slice(root.length), size, modified }
    }
  }
}

/** Checks that a listing advances and ends: a broken server could send pages without end. */
export function followListing(prefix: string, after: string | undefined) {
  let last = after
  let token: string | undefined
  let [objects, emptyPages] = [0, 0]
  return {
    page(next: string | undefined) {
      if (next && next === token) throw noListing('goes on where it went on before')
      token = next
      if (++emptyPages > MOST_EMPTY_PAGES) throw noListing(`has more than ${MOST_EMPTY_PAGES} pages without an object`)
    },
    key(key: string) {
      if (!key.startsWith(prefix)) throw noListing('has objects of another prefix')
      if (last !== undefined && compareUtf8(key, last) <= 0) throw noListing('is not in the order of its keys')
      last = key
      emptyPages = 0
      if (++objects > MOST_OBJECTS) throw noListing(`has more than ${MOST_OBJECTS} objects`)
    },
  }
}

function noListing(why: string): MillraceError {
  return new MillraceError('STORE_UNSUITABLE', `a listing of the bucket ${why}`, {
    next: 'Check that the endpoint is an S3 server: listings of its buckets are in order and end.',
  })
}

/** Whatever else says 200 must not pass for an empty bucket. */
function checked(page: string): string {
  if (page.includes('<ListBucketResult') && page.includes('</ListBucketResult>')) return page
  throw brokenOff('the answer is no listing')
}
