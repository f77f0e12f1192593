from .ageing import AgeingSheet
from .book import Book
from .customers import CustomerSheet
from .definitions import DefinitionSheet
from .page import CustomerPage
from .settlements import SettlementSheet
from .summary import SummarySheet
