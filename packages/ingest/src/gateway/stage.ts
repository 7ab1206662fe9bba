import { type RefusedRequest, refuse } from './refusal.ts'

/** Matches addresses of Amazon's API Gateway, which begin with a stage, such as `/prod`. */
const BEHIND_A_STAGE = /^\/(?!(?:topics|streams?)(?:[/?]|$))[\w$-]+(?=\/(?:topics|streams?)(?:[/?]|$))/

/** Returns the address without its stage, if it has one: clients of API Gateway change only the host. */
export function withoutStage(url: string): string {
  return url.replace(BEHIND_A_STAGE, '')
}

export function notFound(url: string): RefusedRequest {
  const isDeep = /\/(topics|streams?)([/?]|$)/.test(url)
  return refuse(404, isDeep ? `HTTP 404 Not Found: ${EXPECTED}` : 'HTTP 404 Not Found')
}

const EXPECTED = 'paths are /topics/… or /streams/…, and one stage may stand before, such as /prod'
