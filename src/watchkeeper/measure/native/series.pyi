from watchkeeper.measure import counter_series

class Series(counter_series.Series):
    @property
    def nbytes(self) -> int: ...
