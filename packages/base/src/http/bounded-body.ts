import { pipeline, Readable, Transform } from 'node:stream'

/** Middleware for a client of the AWS SDK: an answer fails once it has more than so many bytes. */
export function boundedAnswers(mostBytes: number) {
  return <I, O extends { readonly response: unknown }>(next: (args: I) => Promise<O>) =>
    async (args: I): Promise<O> => {
      const result = await next(args)
      const response = result.response as { body?: unknown }
      if (response.body instanceof Readable) response.body = boundedBody(response.body, mostBytes)
      return result
    }
}

function boundedBody(body: Readable, mostBytes: number): Readable {
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
