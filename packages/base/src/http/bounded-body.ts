import { pipeline, type Readable, Transform } from 'node:stream'

/** The same body, which fails once it has more than so many bytes. */
export function boundedBody(body: Readable, mostBytes: number): Readable {
  let bytes = 0
  const bound = new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length
      if (bytes <= mostBytes) done(null, part)
      else done(new Error(`the server answered with more than ${mostBytes} bytes`))
    },
  })
  return pipeline(body, bound, () => {})
}
