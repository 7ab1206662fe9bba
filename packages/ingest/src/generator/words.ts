export const WORDS =
  `autumn baking balcony bathroom bedroom bright budget cabin calm candle canvas ceramic classic cosy cottage
  craft curtain daily design diary easy evening fabric family festive floral forest frame garden gift gold green guide handmade
  harvest hidden home idea island kitchen knitted lamp layered linen little loft market minimal modern morning mountain natural
  neutral nordic ocean outfit paint paper café décor crème don’t mother's 30 12 DIY ✨ – & (easy) Día party pattern picnic plan poster quick quiet recipe retro road rustic savings shelf
  simple sketch small soft spring stone “best” "must" street studio summer sunset table tattoo travel vintage wall warm weekend winter wooden`.split(
    /\s+/,
  )
