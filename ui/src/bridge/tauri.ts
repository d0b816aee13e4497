export const tauriBridge = () => {
  throw new Error('later');
};
