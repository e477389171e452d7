"""One network for several series in a long table: the weather of three airports.

python examples/many_series.py
"""

from unrolled import Forecaster, Roles, Training, samples

weather = samples.load("nyc-weather")  # one row for each airport and hour
roles = Roles(time="time_hour", series="origin", past=("humid", "pressure"))

model = Forecaster("temp", horizon=6, lookback=24, hidden=16)
model.fit(weather, roles, training=Training(epochs=1))
print(model.verdict)

for row in model.predict(weather).to_pylist():  # the six hours after the last row of each airport
    print("{origin} {time_hour:%Y-%m-%d %H:%M}  {temp:.1f} °F".format(**row))

# As the last two weeks would have been forecast then, once a day, beside what came true.
history = model.backtest(weather, test=24 * 14, stride=24)
print(history.num_rows, "forecasts:", history.column_names)
