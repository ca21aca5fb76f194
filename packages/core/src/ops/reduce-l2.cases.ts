import { reductionCases } from './case-families.js';

export default reductionCases('ReduceL2', {
  columns: [4.123105625617661, 5.385164807134504, 6.708203932499369],
  rows: [3.7416573867739413, 8.774964387392123],
  all: 9.539392014169456,
});
