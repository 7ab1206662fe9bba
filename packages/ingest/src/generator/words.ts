export const CATEGORIES = [
  'christmas',
  'art',
  'finance',
  'quotes',
  'tattoos',
  'travel',
  'education',
  'mens-fashion',
  'diy-and-crafts',
  'event-planning',
  'home-decor',
  'beauty',
  'vehicles',
] as const

export const FIRST_NAMES =
  `Ada Alba Amir Anouk Bruno Cara Chen Dalia Davi Edvin Elif Emre Farah Femi Freya Goran Hana Hugo Ines Ivo Jin Jonas Kaito
  Kofi Leila Lena Luca Mara Mateo Mina Nadia Nils Noor Oskar Paula Priya Rafael Rosa Sami Sofia Tariq Thea Umar Vera Wanda
  Xenia Yara Yusuf Zoe Zoltán`.split(/\s+/)

export const LAST_NAMES =
  `Abara Adeyemi Baker Bauer Berg Bianchi Costa Cruz Dahl Dufour Eriksen Evans Farkas Fofana Garcia Gruber Haddad Horvat Ito
  Ivanov Jansen Johal Kaya Kim Kowalski Lopez Lund Mensah Meyer Moreau Nagy Ncube Novak Okafor Olsen Pereira Petrov Quist
  Rahman Rossi Sato Silva Tanaka Torres Usman Vega Vogel Wang Yilmaz Zeller`.split(/\s+/)

export const WORDS =
  `autumn baking balcony bathroom bedroom bright budget cabin calm candle canvas ceramic classic cosy cottage
  craft curtain daily design diary easy evening fabric family festive floral forest frame garden gift gold green guide handmade
  harvest hidden home idea island kitchen knitted lamp layered linen little loft market minimal modern morning mountain natural
  neutral nordic ocean outfit paint paper café décor crème don’t mother's 30 12 DIY ✨ – & (easy) Día party pattern picnic plan poster quick quiet recipe retro road rustic savings shelf
  simple sketch small soft spring stone “best” "must" street studio summer sunset table tattoo travel vintage wall warm weekend winter wooden`.split(
    /\s+/,
  )
