import { BarChart } from "echarts/charts";
import { GridComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { contenders } from "./contenders.ts";
import type { Panel } from "./part.ts";

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

const WIDTH = 760;
const PANEL_HEIGHT = 260;

/** Colours that read on a light and on a dark page; ours stands out. */
const OURS = "#2f81f7";
const OTHERS = "#8b949e";

/** @returns the panels below each other, as the text of an SVG file */
export function drawPanels(panels: readonly Panel[]): string {
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: PANEL_HEIGHT * panels.length,
  });
  const names = contenders.map(({ id, name }) => `${id}  ${name}`);
  const axis = { axisLine: { show: false }, axisTick: { show: false } };
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: "sans-serif" },
    title: panels.map(({ title }, i) => ({
      text: title,
      left: 10,
      top: i * PANEL_HEIGHT + 10,
      textStyle: { fontSize: 14, color: OTHERS },
    })),
    grid: panels.map((_, i) => ({ left: 140, right: 60, top: i * PANEL_HEIGHT + 45, height: PANEL_HEIGHT - 65 })),
    xAxis: panels.map((_, gridIndex) => ({ type: "value", gridIndex, show: false })),
    yAxis: panels.map((_, gridIndex) => ({
      type: "category",
      gridIndex,
      data: names,
      inverse: true,
      axisLabel: { color: OTHERS, fontSize: 13 },
      ...axis,
    })),
    series: panels.map(({ values }, i) => ({
      type: "bar",
      xAxisIndex: i,
      yAxisIndex: i,
      barCategoryGap: "35%",
      label: {
        show: true,
        position: "right",
        color: OTHERS,
        formatter: ({ value }: { value: number }) => value.toFixed(0),
      },
      data: values.map((value, row) => ({ value, itemStyle: { color: contenders[row]?.id === "e" ? OURS : OTHERS } })),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
