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
