/**
 * How distinctive a sequence of 64 bytes is, by its entropy in thousandths: rare values rank low
 * and are preferred, 0 is never chosen. The numbers were counted by the author of sdhash on six
 * sets of files (Roussev, "Data Fingerprinting with Similarity Digests", 2010) and are part of the
 * format.
 */
const leadingZeros = 100;
/** Two digits of base 36 for each. */
const packed = [
  '2t2u2y34302z2v2s31353k3n3x334249443q413236383m3g3b2x2w3a3c3o4k504g6d755v594a3j373l3y3u3h',
  '3s3i4b4c4s404e395n5y655r5l3f3e3d3r3w4d464qaraua5a89h4l4m5e4u543p3v3t454t4i484f4n5a5t6m5z',
  '665q5p514w4o433z4p4h6x7677727a6155564x534v585c5f52474j5j6n7d7g6q5o5h5d5b625s4r4y6p5k6k85',
  '8d7478826o606l736g6h695u5g4z5m5wbobxbtbpbv6y686i636e647h6v796j93989d9i9g7057675i6t6r7b6c',
  '6w6f7n7c8a8m8h8l7i7e6z6s5x6b7l7w7t8u8t7f837q7r8fckcoclceci716a6u7j7p878e8b7m7o7x84817k8c',
  '897y8q8n7z7v807s888g8k7ub6b8b5bjbm8p8w8j8r868i928x979c9a8s948y909196958o8v8z9s9l9yad999m',
  '9e9r9jb9atb0awbfai9qasbbbrbnbdaz9t9vbwc9chd6d7c0cpcgc3cud2czd0d5budqdje2e0edcxcrc7d4eieg',
  'f1f0endedfd8dck1kwkvk8kadmdpdre8ewevebeoeee3e9eaepecdudoefe4f4f7faf6f5e7esf3gyh0h7i1j7fl',
  'fygffwfdfbfpglghg4g5hug2fxhejcg8g9gjgeg0g3g7gtftfkfifufgfvi8i9hahchjfffqfofmfhg6gdgrgmgs',
  'gag1gch1h3hkiahdgxh2gggoguhyiciiivj1hshxirixiokrk3k2jdj2gphzitklkxkujvjni3hqi0ieijimj0iq',
  'j9iuigi4ifhriwiyjejbjii2isilihj4j3jhjgjmizjyjjjtk0jwkfjzkhk6kokgkmkkkjkbjrk5jqjkjoj5k9k7',
  'kik4kdj8ibjli6j6i7inhghmh9h4hignhhgzh8gvhbh6h5hnhohthphlhwi5jfjajukekckqktkzkpl1l0l2l3l5',
  'l7l9lblflhliljlmlqlslulwm1m2m5m6mbmcmfmhmomqmtmvmyn0n1n6n7nbnfninmnvo4ogolotoyp1p4papbpd',
  'pgpjpmpopuprpvq2q4q1q3q5pyq0pwpxptpspqpppnplpkpiphpfpepcp9p8p7p6p0p3p2p5owozoxovorouosop',
  'ojoqooofonomoioeokodobo8oco6o3oao9o7o5ohnzo1o0nwnpnrnonlntnsnynunxnqnnnknjnhngndncn9n8n5',
  'n4n3n2mzmwmxmumsmrmpmnmkmmmimgmemdm7m4m3lylvltlrlplllklglelcldl8l6l4kyknjxjsikidhvhfgwgi',
  'gbfsfjfcf8f2ezexeueterelehe6e1dtdsdndidhdad9cyd1cvcqcsccc8bsc1b7beayaxapahajamanakaoacaa',
  'afa69ua39p9x9na4a79za9a0ae9kag9bab9fa19o9wa2alaqavb1b3b2bgbcbibqbkbyblc2b4c4c5c6cacbcfba',
  'cjbhcmbzcncdctcwd3dbdddgdldkdvdwe5eqejeyemf9fefngqgkipfrksfzlajplnlolxmlmjnaneo2q6pzq8q7',
  'qbqgqfqjqiqlqoqnqvquqxqqqwqhr0qprar7r6r9r8rirfrgrcrbrhrdrer5r4r3r1r2qyqzqtqsqrqkqmekqeqc',
  'qdq9qam8m9malzm0dxdydz',
].join('');

/** Ranks by entropy, 0 to 1,000. */
export const entropyRanks = unpackRanks();

function unpackRanks(): Uint16Array {
  const ranks = new Uint16Array(1_001);
  for (let at = 0; at < packed.length; at += 2) {
    ranks[leadingZeros + at / 2] = Number.parseInt(packed.slice(at, at + 2), 36);
  }
  return ranks;
}
