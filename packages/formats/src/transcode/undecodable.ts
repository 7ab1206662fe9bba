/** Why a message can't be decoded. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable'
}
