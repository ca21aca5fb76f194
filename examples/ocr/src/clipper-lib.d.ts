/** The part of Clipper 6.4.2 (Angus Johnson) that the example calls; the package brings no types. */
declare module 'clipper-lib' {
  interface IntPoint {
    X: number;
    Y: number;
  }
  class ClipperOffset {
    constructor(miterLimit?: number, arcTolerance?: number);
    AddPath(path: IntPoint[], joinType: number, endType: number): void;
    Execute(solution: IntPoint[][], delta: number): void;
  }
  const clipper: {
    ClipperOffset: typeof ClipperOffset;
    JoinType: { readonly jtSquare: number; readonly jtRound: number; readonly jtMiter: number };
    EndType: { readonly etClosedPolygon: number };
  };
  export default clipper;
}
