import type { HttpAddress } from './services/python.ts'

/** Asks a server of answering.py to do something. */
export async function operate<Result>({ url }: HttpAddress, operation: string, what: object): Promise<Result> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ op: operation, ...what }) })
  const answer = (await response.json()) as { result: Result } | { error: string }
  if ('error' in answer) throw new Error(answer.error)
  return answer.result
}
