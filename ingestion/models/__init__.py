from ingestion.models.runs import RejectedRow, Run, RunFile, RunHelper
from ingestion.models.sources import FileDay, RejectedDay, Source, SourceFile

__all__ = ["FileDay", "RejectedDay", "RejectedRow", "Run", "RunFile", "RunHelper", "Source", "SourceFile"]
