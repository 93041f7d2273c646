// The daily total as a chart: one line, or bars stacked by a dimension. A day without data is a gap, not a zero.
// Values are exact text, converted to numbers only for drawing.

const chartColours = {
  light: ["#0b5cad", "#b4530a", "#11622f", "#7a3ea1", "#0f7480", "#a61e4d", "#6b6400", "#4a5568", "#c2410c", "#3b5bdb", "#868e96"],
  dark: ["#6cb0f5", "#f0a35e", "#6fd095", "#c79bea", "#5fd0da", "#f58bb0", "#d6cc4a", "#aab6c6", "#ff9068", "#93a8ff", "#6c757d"],
};

function withSeparators(text) {
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction ? `${grouped}.${fraction}` : grouped;
}

// 24 Nov 2026, as the pages write dates; of "2026-11-24".
function writeDay(text) {
  const [year, month, day] = text.split("-").map(Number);
  return `${day} ${"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[month - 1]} ${year}`;
}

// A day between two gaps has no line: it is drawn as a point.
function pointRadius({ dataset, dataIndex }) {
  const alone = [dataIndex - 1, dataIndex + 1].every((index) => (dataset.data[index] ?? null) === null);
  return alone || dataset.data.length <= 120 ? 2.5 : 0;
}

function chartSets(layers, colours) {
  const stacked = layers.length > 1;
  return layers.map(({ label, values }, index) => ({
    label,
    data: values.map((value) => (value === null ? null : Number(value))),
    exact: values,
    spanGaps: false,
    borderColor: colours[index % colours.length],
    backgroundColor: colours[index % colours.length],
    hoverBackgroundColor: colours[index % colours.length],
    hoverBorderColor: getComputedStyle(document.body).color,
    hoverBorderWidth: stacked ? 1 : 2,
    borderWidth: stacked ? 0 : 2,
    pointRadius,
    pointHitRadius: 8,
    tension: 0,
  }));
}

// Touch has no hover: the first tap shows the values of a day, a second tap on the same day opens it.
function chooseDay({ native }, [found], chart, openDay) {
  if (!found) return;
  const isFinger = native.pointerType ? native.pointerType === "touch" : matchMedia("(hover: none)").matches;
  if (!isFinger || chart.tappedDay === found.index) openDay(found.index);
  chart.tappedDay = found.index;
}

function tooltipOptions(totals, stacked, theme) {
  const light = theme === "light";
  const ink = light ? "#fff" : "#12161c";
  return {
    backgroundColor: light ? "#1b2027" : "#e6eaf0",
    titleColor: ink,
    bodyColor: ink,
    footerColor: ink,
    itemSort: (one, other) => other.datasetIndex - one.datasetIndex, // from the top, as the bars are stacked
    callbacks: {
      label: ({ dataset, dataIndex }) => {
        const value = dataset.exact[dataIndex];
        return value === null ? "" : `${dataset.label}: ${withSeparators(value)}`;
      },
      footer: ([item]) => (stacked && item && totals[item.dataIndex] ? `Total: ${withSeparators(totals[item.dataIndex])}` : ""),
    },
  };
}

function chartOptions({ layers, totals }, theme, openDay) {
  const ink = getComputedStyle(document.body).color;
  const stacked = layers.length > 1;
  return {
    animation: false,
    onClick: (event, found, chart) => chooseDay(event, found, chart, openDay),
    onHover: ({ native }, found) => (native.target.style.cursor = found.length ? "pointer" : ""),
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { stacked, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } },
      y: {
        stacked,
        beginAtZero: true,
        ticks: { color: ink, callback: (value) => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value) },
        grid: { color: "rgb(128 128 128 / 25%)" },
      },
    },
    plugins: {
      legend: { display: stacked, position: "bottom", labels: { color: ink, boxWidth: 12 } },
      tooltip: tooltipOptions(totals, stacked, theme),
    },
  };
}

function drawChart(canvas) {
  const { dates, layers, totals } = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
  const theme = document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, {
    type: layers.length > 1 ? "bar" : "line",
    data: { labels: dates.map(writeDay), datasets: chartSets(layers, chartColours[theme]) },
    options: chartOptions({ layers, totals }, theme, (index) => location.assign(`${canvas.dataset.days}${dates[index]}/${canvas.dataset.range}`)),
  });
}

function drawCharts() {
  document.querySelectorAll("canvas[data-chart]").forEach(drawChart);
}

drawCharts();
// Changing the stacking replaces the page's main part: charts in the old one are destroyed.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.shouldSwap) detail.target.querySelectorAll("canvas[data-chart]").forEach((canvas) => Chart.getChart(canvas)?.destroy());
});
document.addEventListener("htmx:load", ({ detail }) => detail.elt.querySelectorAll("canvas[data-chart]").forEach(drawChart));
new MutationObserver(drawCharts).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
